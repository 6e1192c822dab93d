export * from './bundle.js'
export * from './layout.js'
export * from './named.js'
export * from './safetensors.js'
