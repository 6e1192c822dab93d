export * from './events.js'
export {
  createExchange,
  type Exchange,
  type ExchangeInit,
  type Member,
  type Position,
  type StreamExchange,
  type Swap,
} from './exchange.js'
export { createGossip, type GossipInit, type GossipRound } from './gossip.js'
export * from './identity.js'
export * from './manifest.js'
export * from './peer.js'
export { type RoundsInit, runRounds } from './round.js'
export * from './training.js'
