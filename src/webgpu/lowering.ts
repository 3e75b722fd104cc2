// Lowering: which dispatches a plan is, each step's kernel in the variant chosen for it.
import type { DispatchReport } from '../backend.ts'
import { fail, must } from '../errors.ts'
import type { DeviceTraits, Dispatch, KernelRequest, Program } from '../kernel.ts'
import type { Plan, Step } from '../plan.ts'
import { describeStep } from '../plan_report.ts'
import { sizeOf } from '../shape.ts'
import { requestFor } from './tune.ts'

/** A dispatch of a plan. */
export interface Lowered {
  readonly step: Step
  /** The step's place in the plan. */
  readonly index: number
  readonly dispatch: Dispatch
  /** Which bindings get dynamic offsets: host numbers, of which each run has its own. */
  readonly dynamic: readonly boolean[]
}

/** What kernels are chosen by. */
interface Chooser {
  readonly device: GPUDevice
  readonly traits: DeviceTraits
  /** Kernel variants to use by op name. */
  readonly forced: ReadonlyMap<string, string>
  /** Kernel variants that have been measured to be best, by `choiceKey`. */
  readonly tuned: ReadonlyMap<string, string>
}

/** Chooses kernels for the steps of plans on one adapter. */
export class Lowering {
  constructor(private readonly adapter: Chooser) {}

  /** The dispatches of a plan. Throws `limit` for one that reads more host scalars than the adapter binds. */
  lower(plan: Plan): Lowered[] {
    const most = this.adapter.device.limits.maxDynamicStorageBuffersPerPipelineLayout
    return plan.steps.flatMap((step, index) =>
      this.program(step).program.dispatches.map(dispatch => {
        const dynamic = dispatch.bindings.map(
          binding => 'input' in binding && step.inputs[binding.input]?.kind === 'host',
        )
        const count = dynamic.filter(Boolean).length
        if (count > most)
          fail(
            'limit',
            step.node.op.name,
            `it reads ${count} host scalars; the adapter's maxDynamicStorageBuffersPerPipelineLayout is ${most}.`,
            'Combine some of them on the host.',
          )
        return { step, index, dispatch, dynamic }
      }),
    )
  }

  /** Bytes of the temporaries each step needs. */
  scratch(plan: Plan): readonly (readonly number[])[] {
    return plan.steps.map(step => this.program(step).program.scratch ?? [])
  }

  describe(plan: Plan): DispatchReport[] {
    const programs = plan.steps.map(step => this.program(step))
    const counts = programs.map(({ program }) => program.dispatches.length)
    return plan.steps.flatMap((step, index) => {
      const { program, request } = must(programs[index], 'program')
      const facts = describeStep(plan, step, counts)
      return program.dispatches.map((dispatch, i) => ({
        op: step.node.op.name,
        kernel: dispatch.source.skeleton.path,
        variant: request.variant,
        workgroups: dispatch.workgroups,
        ...facts,
        // A second pass does no work that has not been counted.
        ...(i > 0 ? { operations: 0, bytesRead: 0, bytesWritten: 0 } : {}),
      }))
    })
  }

  /** What a step dispatches: nothing that has no work. */
  private program({ node, pending }: Step): { program: Program; request: KernelRequest } {
    const { traits, forced, tuned } = this.adapter
    if (node.outputs.every(output => sizeOf(output.shape) === 0)) {
      return { program: { dispatches: [] }, request: { ...node, device: traits, variant: 'none' } }
    }
    const request = requestFor(node, traits, forced, tuned)
    const program = node.op.kernel.program(request)
    const dispatches = program.dispatches.filter(
      // A layout op has one dispatch an input; those whose producers wrote in place need none.
      ({ workgroups }, i) => workgroups > 0 && (!node.op.layout || pending.includes(i)),
    )
    return { program: { ...program, dispatches }, request }
  }
}
