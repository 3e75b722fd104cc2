// The proofs of an op from its entry: what tests, benchmarks and people who write kernels call.
export { type BenchmarkOptions, type BenchmarkRow, benchmark, describeRow } from './benchmark.ts'
export {
  type GradientCheckOptions,
  type GradientFailure,
  type GradientReport,
  gradientCheck,
} from './gradient.ts'
export { type AdapterPeak, measurePeak } from './peak.ts'
export { type Profile, type ProfileOptions, type ProfileRow, profile } from './profile.ts'
export {
  restoreTuning,
  storeTuning,
  type TuneOptions,
  type TuneReport,
  type TuneRow,
  tune,
} from './tune.ts'
export { type VerifyFailure, type VerifyOptions, type VerifyReport, verify } from './verify.ts'
