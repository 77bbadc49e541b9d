import { expect, test } from 'vitest';
import { cloneUrl } from './clone-url.ts';

test.each([
  [undefined, 'https://github.com/acme/shop.git'],
  ['https://api.github.com', 'https://github.com/acme/shop.git'],
  ['https://api.github.com/', 'https://github.com/acme/shop.git'],
  ['https://api.acme.ghe.com', 'https://acme.ghe.com/acme/shop.git'],
  ['https://git.acme.example/api/v3', 'https://git.acme.example/acme/shop.git'],
  ['https://git.acme.example:8443/api/v3/', 'https://git.acme.example:8443/acme/shop.git'],
  ['https://api.acme.example/api/v3', 'https://api.acme.example/acme/shop.git'],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/acme/shop.git'],
])('of the API %s', (api, url) => {
  expect(cloneUrl(api, 'acme/shop')).toBe(url);
});
