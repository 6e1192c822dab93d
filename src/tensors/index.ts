export * from './layout.js'
export * from './safetensors.js'
