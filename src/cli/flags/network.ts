import { type Flag, wholeNumber } from '../command.js'

export const networkFlags: readonly Flag[] = [
  { flags: '--key <file>', description: 'only peers with the same network key can connect: see hearsay key' },
  { flags: '--allow <file>', description: 'only these peers can connect: a peer id a line, # begins a comment' },
  {
    flags: '--invite <file or token>',
    description: "the invitation to a run that is by invitation (the manifest's access.founders): see hearsay invite",
  },
  {
    flags: '--relay <multiaddr>',
    description: 'a relay through which others reach this peer, or this peer others, ending in /p2p/…',
    repeatable: true,
  },
  {
    flags: '--relay-slots <number>',
    description: 'be a relay for so many others (default: 0)',
    parse: wholeNumber('--relay-slots', 0, 1024),
  },
  {
    flags: '--announce <multiaddr>',
    description: "another address under which others reach this peer, as a router's: /ip4/203.0.113.7/tcp/4001",
    repeatable: true,
  },
  { flags: '--lan', description: 'find other peers of the run on this LAN (mDNS)' },
  { flags: '--upnp', description: 'request a port mapping from the router (UPnP)' },
]
