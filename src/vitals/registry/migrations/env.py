"""Alembic's entry: migrations run inside the connection and transaction that ``registry.opening`` gives."""

from alembic import context

from vitals.registry.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
