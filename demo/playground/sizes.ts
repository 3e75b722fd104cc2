// Sizes that the page and its worker agree on.

/** Points of a side of the grid that maps are computed on, and so their pixels. */
export const GRID = 50

/** Pixels of a map. */
export const MAP = GRID * GRID

/** Neurons of a layer that are drawn: the first ones. */
export const MOST_DRAWN = 12
