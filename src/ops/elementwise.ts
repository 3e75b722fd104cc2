// All elementwise ops under one roof.
export * from './activations.ts'
export * from './binary.ts'
export * from './power.ts'
export * from './unary.ts'
