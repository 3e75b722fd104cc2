// rows/labels_probabilities.wgsl: weights of classes where labels are probabilities: `keep` of each, and `share`.

fn labelOf(row: u32) -> u32 {
  return 0u;
}

fn labelIsValid(label: u32) -> bool {
  return true;
}

fn weightOf(label: u32, index: u32, class_id: u32) -> f32 {
  return params.keep * f32(labels[index]) + params.share;
}
