// The proofs of an op from its entry: what tests, benchmarks and people who write kernels call.
export * from './verify.ts'
export * from './gradient.ts'
