import { afterAll } from 'vitest'
import { methodNames } from '../../src/methods/index.js'
import { methodContract } from './contract.js'
import { closePools } from './peers.js'

afterAll(closePools)

/** Methods with an outer step. */
const outer = ['noloco', 'diloco']

for (const name of methodNames()) methodContract(name, outer.includes(name))
