// The harness's public names: what tests, benchmarks and the demo use to run modules in Chrome.

export * from './browser.ts'
export * from './page.ts'
export * from './serve.ts'
