export * from './bundle.js'
export * from './layout.js'
export * from './safetensors.js'
