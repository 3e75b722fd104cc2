// nn: layers and models.
export * from './initializers.ts'
export { layer, type CallOptions, type Layer, type LayerParts } from './layer.ts'
export * from './layers.ts'
