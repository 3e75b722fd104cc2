// The proofs of an op from its entry: what tests, benchmarks and people who write kernels call.
export { benchmark, type BenchmarkOptions, type BenchmarkRow, describeRow } from './benchmark.ts'
export { gradientCheck, type GradientCheckOptions, type GradientFailure, type GradientReport } from './gradient.ts'
export { verify, type VerifyFailure, type VerifyOptions, type VerifyReport } from './verify.ts'
