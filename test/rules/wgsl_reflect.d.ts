// The package's `main` is CommonJS under a module name, which Node refuses; its other file has no types of its own.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect'
}
