// nn: layers and models.
export * from './activations.ts'
export * from './autoencoder.ts'
export * from './initializers.ts'
export {
  type CallOptions,
  type Layer,
  type LayerEvent,
  type LayerParts,
  layer,
  observeLayers,
} from './layer.ts'
export * from './layers.ts'
export * from './mlp.ts'
export * from './norms.ts'
export * from './rbm.ts'
