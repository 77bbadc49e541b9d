/** The types of the server's contract name a stream of Node.js; the pages never have one, nor Node's types. */
declare module 'node:stream' {
  export type Duplex = never;
}
