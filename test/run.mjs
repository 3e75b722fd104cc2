// What `npm test` runs: makes the machine ready, then has Vitest run the quick suites or, with --all, the slow ones.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setup } from '../src/harness/setup.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))

try {
  const { chrome } = await setup()
  const project = process.argv.includes('--all') ? 'slow' : 'quick'
  const others = process.argv.slice(2).filter(argument => argument !== '--all')
  // Pages are held to what they do in time: nothing else is to run beside them.
  const alone = project === 'slow' ? ['--no-file-parallelism'] : []
  const suites = spawn(process.execPath, [vitest, 'run', '--project', project, ...alone, ...others], {
    cwd: root,
    env: { ...process.env, PUPPETEER_EXECUTABLE_PATH: chrome },
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => suites.kill(signal))
  suites.on('exit', code => {
    process.exitCode = code ?? 1
  })
} catch (error) {
  process.stderr.write(`${error.message}\n`) // what is missing is for people: no stack
  process.exitCode = 1
}
