import { methodNames } from '../../src/methods/index.js'
import { methodContract } from './contract.js'

for (const name of methodNames()) methodContract(name)
