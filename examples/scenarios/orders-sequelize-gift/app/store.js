import { DataTypes, Sequelize } from 'sequelize';

const db = new Sequelize(process.env.DATABASE_URL, {
  dialect: 'postgres',
  logging: false,
  pool: { max: 4 },
  define: { timestamps: false, underscored: true },
});

const Customer = db.define('customer', {
  name: DataTypes.TEXT,
  nick: DataTypes.TEXT,
});
const Product = db.define('product', {
  sku: DataTypes.TEXT,
  stock: DataTypes.INTEGER,
});
const Order = db.define('order', {
  customerId: DataTypes.INTEGER,
  productId: DataTypes.INTEGER,
  quantity: DataTypes.INTEGER,
  label: DataTypes.TEXT,
});
const Event = db.define('event', { orderId: DataTypes.INTEGER, kind: DataTypes.TEXT });
Order.belongsTo(Product);

export const ready = () => db.authenticate();
export const customer = (id) => Customer.findByPk(id);
export const product = (sku) => Product.findOne({ where: { sku } });
export const order = (id) => Order.findByPk(id, { include: Product });

/** Takes it off the stock, writes the order and its first event; all or nothing. */
export const place = (customerId, productId, quantity, label) =>
  db.transaction(async (transaction) => {
    const held = await Product.findByPk(productId, { transaction, lock: true });
    await held.update({ stock: held.stock - quantity }, { transaction });
    const placed = await Order.create({ customerId, productId, quantity, label }, { transaction });
    await Event.create({ orderId: placed.id, kind: 'placed' }, { transaction });
    return { id: placed.id, left: held.stock };
  });
