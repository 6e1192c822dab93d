export * from './gossip-step.js'
export * from './methods.js'
export * from './mix.js'
export * from './staleness.js'
