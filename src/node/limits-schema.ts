import * as z from 'zod'
import { peersLimit } from '../topology/index.js'

/** What a peer waits for and what it accepts, in the units of the name. */
export const limitsSchema = z.strictObject({
  // After it, the round begins without the neighbours that are missing.
  joinSeconds: z
    .number()
    .positive()
    .max(3600)
    .default(30)
    .meta({ says: "In the field: wait of the first round for the neighbours' presence" }),
  // A neighbour whose connection is lost and that cannot be dialled is not waited for. Ample, so that a slow head on a
  // busy machine still counts. A simulation has no limit.
  exchangeSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(120)
    .meta({ says: 'In the field: wait for a neighbour that is connected and silent' }),
  // Fresh identities cost nothing: what they can take of the graph is bounded. Half as many of one public network or one
  // inviter (membership/arrivals.ts).
  newcomers: z.int().min(2).max(peersLimit).default(8).meta({
    says: 'In the field: so many that came in the last ten rounds take part at once, or as many as were there before',
  }),
  // In a mean, one absurdly long vector would outweigh every other.
  headNorm: z.number().positive().default(1e4).meta({ says: 'A head with a larger 2-norm is refused' }),
  // A multiple c of the distance that the own training has moved in the round, or that neighbours' heads lie apart. In
  // honest runs (docs/belief.md) at most 2.6 outside `headRadius`; for a sign-flipped model in the tens. In a mixture,
  // whose heads are not averaged, c bounds a head's norm in the same way.
  headDistance: z
    .number()
    .min(1)
    .default(5)
    .meta({ says: 'A head so many times as far from the own head as usual is not merged' }),
  // γ of BALANCE (arXiv 2406.10416). In honest runs at most 0.48 where the usual distance does not suffice; a head of
  // another direction lies beyond 1, however small its norm.
  headRadius: z
    .number()
    .min(0)
    .default(0.5)
    .meta({ says: "A head within so many times the own head's norm is merged in any case" }),
  // A multiple of the training loss or of an uninformed answer's (ln of the classes; 1 for numbers), whichever
  // is larger. In honest runs at most 6.1: two classes a peer, momentum at a high learning rate; in all others 1.5.
  lossIncrease: z
    .number()
    .min(1)
    .default(10)
    .meta({ says: 'A merge that makes the loss so many times larger is undone' }),
})
