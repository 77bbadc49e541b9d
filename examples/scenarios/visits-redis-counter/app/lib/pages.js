/** Pages and how often they were visited. */
function createPages(redis) {
  return {
    save: (id, page) => redis.set(`page:${id}`, JSON.stringify(page)),

    /** Null if there is no such page. */
    async load(id) {
      const text = await redis.get(`page:${id}`);
      return text === null ? null : JSON.parse(text);
    },

    count: (id) => redis.incr(`visits:${id}`),

    visits: async (id) => Number((await redis.get(`visits:${id}`)) ?? 0),
  };
}

module.exports = { createPages };
