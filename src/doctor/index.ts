export type { Check } from './checks.js'
export { type Diagnosis, diagnose } from './diagnosis.js'
export { diagnosisText } from './text.js'
