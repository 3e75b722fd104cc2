// All reductions under one roof.
export * from './arg_max.ts'
export * from './norm.ts'
export * from './reduce.ts'
export * from './variance.ts'
