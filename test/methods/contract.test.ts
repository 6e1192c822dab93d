import { afterAll } from 'vitest'
import { methodNames } from '../../src/methods/index.js'
import { methodContract } from './contract.js'
import { closePools } from './peers.js'

afterAll(closePools)

/** Methods with an outer step, or with no other step than that of all. */
const outer = ['noloco', 'diloco', 'one-byte']

for (const name of methodNames()) methodContract(name, outer.includes(name))
