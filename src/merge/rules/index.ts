export { type Measure, measure } from './measure.js'
export * from './registry.js'
export * from './rule.js'
export * from './ruling.js'
