import { f32 } from '../../src/codec/index.js'
import { codecContract } from './contract.js'

codecContract(f32, () => 0)
