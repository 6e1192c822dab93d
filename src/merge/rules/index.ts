export * from './registry.js'
export * from './rule.js'
export * from './ruling.js'
