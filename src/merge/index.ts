export * from './belief.js'
export * from './gossip-step.js'
export * from './mix.js'
export * from './staleness.js'
