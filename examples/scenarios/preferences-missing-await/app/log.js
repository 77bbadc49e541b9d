const write = (level) => (message, fields) => {
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), message, ...fields })}\n`);
};

module.exports = { info: write('info'), error: write('error') };
