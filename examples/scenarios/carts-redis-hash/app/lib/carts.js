const key = (id) => `cart:${id}`;

/** Carts as hashes: `owner` as it is, `items` as JSON. */
function createCarts(redis) {
  return {
    save: (id, cart) => redis.hSet(key(id), { owner: cart.owner, items: JSON.stringify(cart.items) }),

    async load(id) {
      const hash = await redis.hGetAll(key(id));
      return { owner: hash.owner, items: JSON.parse(hash.items) };
    },

    /** Null if there is no such cart. */
    async owner(id) {
      return (await redis.hGet(key(id), 'owner')) ?? null;
    },

    remove: async (id) => (await redis.del(key(id))) === 1,
  };
}

module.exports = { createCarts };
