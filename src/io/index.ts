// io: models, optimizer state and transforms as safetensors files, in the browser and in Node.js.
export type { Source } from './format.ts'
export {
  type Loaded,
  type LoadOptions,
  loadSafetensors,
  readSafetensors,
  type StoredTensor,
} from './load.ts'
export type { Named } from './names.ts'
export { type SaveOptions, saveSafetensors } from './save.ts'
