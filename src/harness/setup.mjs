// Makes a fresh machine ready: checks Node.js, installs the dependencies, finds a Chrome or gets one.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const oldestNode = [20, 19]

/**
 * Makes ready what `npm start` and `npm test` need; when nothing is to do it returns within milliseconds.
 *
 * Runs before any dependency exists, so it is plain JavaScript on Node.js alone.
 * @param {{ browser?: boolean }} options - `browser: false` skips the search for Chrome.
 * @returns {Promise<{ chrome: string }>} the path of Chrome's executable, '' if none was asked for.
 * @throws {Error} whose message says what is missing and how to get it.
 */
export async function setup({ browser = true } = {}) {
  checkNode(process.versions.node)
  if (!dependenciesInstalled()) installDependencies()
  return { chrome: browser ? (findChrome() ?? (await getChrome())) : '' }
}

function checkNode(version) {
  const [major, minor] = version.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return
  throw new Error(
    `Node.js ${oldestNode.join('.')} or newer is needed, this is ${version}. Get it at https://nodejs.org.`,
  )
}

/**
 * Installs what the lock file of a folder of the project demands, unless it is there; no package's scripts are run.
 * @param {string} folder - such as 'bench/peers'.
 * @throws {Error} whose message says what npm said.
 */
export function setupPackages(folder) {
  const path = join(root, folder)
  if (dependenciesInstalled(path)) return
  say(`installing the packages of ${folder} (npm ci)`)
  const { code, output } = command('npm', ['ci', '--ignore-scripts'], { cwd: path, show: true })
  if (code !== 0)
    throw new Error(`The packages of ${folder} could not be installed: npm ci failed. ${output}`.trim())
}

/** True if every package the lock file demands lies in node_modules in that version, as npm recorded it. */
function dependenciesInstalled(folder = root) {
  const record = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = readPackages(record)
  return Object.entries(readPackages(join(folder, 'package-lock.json'))).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  )
}

function readPackages(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages
}

function installDependencies() {
  say('installing the dependencies (npm ci)')
  const env = { PUPPETEER_SKIP_DOWNLOAD: '1' }
  const { code, output } = command('npm', ['ci', '--include=dev'], { cwd: root, env, show: true })
  if (code !== 0) throw new Error(`The dependencies could not be installed: npm ci failed. ${output}`.trim())
}

/**
 * The Chrome that PUPPETEER_EXECUTABLE_PATH names, or else the first one installed.
 * @returns {string | undefined}
 */
export function findChrome({ env = process.env, platform = process.platform } = {}) {
  const named = env.PUPPETEER_EXECUTABLE_PATH
  if (named && existsSync(named)) return named
  if (named) say(`PUPPETEER_EXECUTABLE_PATH is ${named}, where nothing is: looking elsewhere`)
  return places(env, platform).find(path => existsSync(path) && starts(path, platform))
}

/** Where installers put Chrome, and where PATH leads, the best first. */
function places(env, platform) {
  const names = 'google-chrome-stable google-chrome chromium chromium-browser chrome chrome.exe'.split(' ')
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean)
  const onPath = names.flatMap(name => folders.map(folder => join(folder, name)))
  if (platform === 'win32') {
    const homes = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(Boolean)
    const programs = ['Google\\Chrome', 'Chromium'].map(name => `${name}\\Application\\chrome.exe`)
    return [...programs.flatMap(program => homes.map(home => `${home}\\${program}`)), ...onPath]
  }
  if (platform === 'darwin') {
    const programs = ['Google Chrome', 'Chromium'].map(
      name => `Applications/${name}.app/Contents/MacOS/${name}`,
    )
    return [...programs.flatMap(program => [`/${program}`, `${env.HOME}/${program}`]), ...onPath]
  }
  return [
    ...onPath,
    '/opt/google/chrome/chrome',
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/snap/bin/chromium',
  ]
}

/** False for a stand-in that only says how to install a browser, or a browser whose libraries are missing. */
function starts(path, platform = process.platform) {
  return platform !== 'linux' || command(path, ['--version'], { seconds: 20 }).code === 0
}

/** Tries each way to get a Chrome in turn; if all fail, the error tells what each of them said. */
async function getChrome() {
  const reasons = []
  for (const way of [downloadChrome, installDebianChromium]) {
    try {
      return await way()
    } catch (error) {
      reasons.push(`  - ${error.message}\n`)
    }
  }
  throw new Error(
    `No Chrome or Chromium was found, and none could be had:\n${reasons.join('')}` +
      'Install Google Chrome or Chromium, or set PUPPETEER_EXECUTABLE_PATH to the one to use.',
  )
}

/** Puppeteer's own Chrome: the one in its cache, or else a download. */
async function downloadChrome() {
  const { default: puppeteer } = await import('puppeteer')
  const path = await puppeteer.executablePath()
  if (existsSync(path) && starts(path)) return path
  say("downloading Puppeteer's Chrome")
  const program = join(root, 'node_modules/puppeteer/lib/cjs/puppeteer/node/cli.js')
  const { code, output } = command(process.execPath, [program, 'browsers', 'install', 'chrome'], {
    seconds: 180,
  })
  if (code !== 0) throw new Error(`Puppeteer's download failed: ${lastWords(output)}`)
  if (!starts(path)) throw new Error("Puppeteer's Chrome does not start here: system libraries are missing.")
  return path
}

/** Debian's package, which brings along the system libraries that Chrome needs. */
function installDebianChromium() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error("Debian's package chromium can only be installed on Debian and by root.")
  }
  say("installing Debian's package chromium (apt-get)")
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const update = command('apt-get', ['update'], { env, seconds: 300 })
  const install = command('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
    env,
    seconds: 900,
  })
  const path = findChrome()
  if (!path) throw new Error(`apt-get failed: ${lastWords(update.output + install.output)}`)
  return path
}

/** Runs a program to its end or to the end of its time; `output` is what it wrote, unless that was shown. */
function command(program, parameters, { cwd, env, seconds, show = false } = {}) {
  const { status, error, stdout, stderr } = spawnSync(program, parameters, {
    cwd,
    env: { ...process.env, ...env },
    timeout: seconds && 1000 * seconds,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: show ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && program === 'npm', // npm is a script there
  })
  return { code: status ?? 1, output: [stdout, stderr, error?.message].filter(Boolean).join('\n') }
}

/** The last words of a program, stack traces left out. */
function lastWords(output) {
  const lines = output.split('\n').map(line => line.trim())
  return lines
    .filter(line => line && !line.startsWith('at '))
    .slice(-2)
    .join(' ')
}

function say(what) {
  process.stderr.write(`retrograd: ${what}\n`)
}
