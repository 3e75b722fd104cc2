// The numbers that MNIST is made of, for pages that must not load the library to know them.

/** Digits in the training set, pixels of each, and classes. */
export const TRAINING_DIGITS = 60_000
export const PIXELS = 28 * 28
export const CLASSES = 10
