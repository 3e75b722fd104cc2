// All movement of one tensor under one roof: the same numbers under another shape, order or extent.
export * from './reshape.ts'
export * from './slice.ts'
export * from './transpose.ts'
