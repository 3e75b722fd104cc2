// All elementwise ops under one roof.
export * from './binary.ts'
export * from './power.ts'
export * from './unary.ts'
