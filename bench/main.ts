// What `npm run bench` does once the machine is ready: kernels, or what its first word names.
import { word } from '../src/harness/command.ts'

interface Machine {
  readonly chrome: string
}

/** What can be asked for: each reads the rest of the command line, and gives the exit code. */
const commands: Readonly<
  Record<string, () => Promise<{ main(argv: readonly string[], machine: Machine): Promise<number> }>>
> = {
  kernels: () => import('./kernels/run.ts'),
  peers: () => import('./peers/run.ts'),
  gpu: () => import('./gpu/run.ts'),
  page: () => import('./page/run.ts'),
  profile: () => import('./profile/run.ts'),
  fit: () => import('./fit/run.ts'),
}

/** Runs the command that the first word names; without one, the kernels' benchmark. */
export async function main(argv: readonly string[], machine: Machine): Promise<number> {
  const [name = '', ...rest] = argv
  if (name === '' || name.startsWith('-')) return (await import('./kernels/run.ts')).main(argv, machine)
  try {
    word(Object.keys(commands))(name)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    process.stderr.write(`There is no benchmark ${name}. ${error.message}\n`)
    return 1
  }
  const command = await commands[name]?.()
  return command ? command.main(rest, machine) : 1
}
