// nn: layers and models.
export * from './initializers.ts'
export { type CallOptions, type Layer, type LayerParts, layer } from './layer.ts'
export * from './layers.ts'
