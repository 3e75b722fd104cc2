// rows/labels_ids.wgsl: weights of classes where a label is a class id: `keep` for that class, and `share` for each.

/// The id as it is stored; a negative one wraps to beyond any length.
fn labelOf(row: u32) -> u32 {
  return u32(labels[row]);
}

fn labelIsValid(label: u32) -> bool {
  return label < params.length;
}

fn weightOf(label: u32, index: u32, class_id: u32) -> f32 {
  return select(params.share, params.keep + params.share, class_id == min(label, params.length - 1));
}
