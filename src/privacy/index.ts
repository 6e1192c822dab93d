export * from './accountant.js'
export * from './budget.js'
export * from './schema.js'
