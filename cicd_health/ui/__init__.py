"""What people see. The only Reflex, `cicd_health.py` apart."""
