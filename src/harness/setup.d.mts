// The types of setup.mjs, which is plain JavaScript because it runs before anything is installed.

/** Installs what is missing, finds a Chrome or gets one ('' where `browser` is false). Throws what a person must do. */
export function setup(options?: { browser?: boolean }): Promise<{ chrome: string }>

/** Installs what the lock file of a folder of the project demands, unless it is there. Throws what npm said. */
export function setupPackages(folder: string): void

/** The Chrome that PUPPETEER_EXECUTABLE_PATH names, or else the first one installed. */
export function findChrome(from?: {
  env?: Record<string, string | undefined>
  platform?: string
}): string | undefined
