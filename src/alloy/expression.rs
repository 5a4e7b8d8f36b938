//! Values and expressions: a literal is the value that it stands for, everything else its text.

use serde_json::Number;

use super::fault::Fault;
use super::literal::literal;
use super::parse::Parser;
use super::token::{Kind, Token};
use super::unquote::unquote;
use super::value::Value;

/// Operators from the loosest to the tightest (`BinaryPrecedence` in `syntax/token/token.go` of Alloy); `^` is tighter.
const OPERATORS: [&[&str]; 5] = [
    &["||"],
    &["&&"],
    &["==", "!=", "<", "<=", ">", ">="],
    &["+", "-"],
    &["*", "/", "%"],
];

/// Reads a text that is one value and nothing else.
///
/// # Errors
/// As [`parse`](super::parse()).
pub fn expression(text: &str) -> Result<Value, Fault> {
    let mut parser = Parser::new(text)?;
    let value = parser.expression()?;
    if parser.token().kind == Kind::Terminator {
        parser.advance();
    }
    match parser.token().kind {
        Kind::End => Ok(value),
        _ => Err(parser.unexpected("the end of the value")),
    }
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Value, Fault> {
        self.nested(|parser| parser.operation(0))
    }

    fn operation(&mut self, precedence: usize) -> Result<Value, Fault> {
        let Some(operators) = OPERATORS.get(precedence) else {
            return self.power();
        };
        let mut left = self.operation(precedence + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.is_sign(operator)) {
            self.advance();
            let right = self.operation(precedence + 1)?;
            left = joined(left, &format!(" {operator} "), &right);
        }
        Ok(left)
    }

    fn power(&mut self) -> Result<Value, Fault> {
        let left = self.unary()?;
        if !self.takes("^") {
            return Ok(left);
        }
        let right = self.nested(Self::power)?;
        Ok(joined(left, " ^ ", &right))
    }

    fn unary(&mut self) -> Result<Value, Fault> {
        for sign in ["!", "-"] {
            if self.takes(sign) {
                let value = self.nested(Self::unary)?;
                let negative = match &value {
                    Value::Number(number) if sign == "-" => negative(number),
                    _ => None,
                };
                return Ok(negative.map_or_else(
                    || Value::Expression(format!("{sign}{}", literal(&value))),
                    Value::Number,
                ));
            }
        }
        self.access()
    }

    /// `a.b["c"](d)`.
    fn access(&mut self) -> Result<Value, Fault> {
        let mut value = self.primary()?;
        loop {
            if self.takes(".") {
                let name = self.identifier()?.text.to_owned();
                value = joined(value, ".", &Value::Expression(name));
            } else if self.takes("[") {
                let index = self.expression()?;
                self.expect("]")?;
                value = joined(
                    value,
                    "",
                    &Value::Expression(format!("[{}]", literal(&index))),
                );
            } else if self.takes("(") {
                let arguments: Vec<String> = self.list(")")?.iter().map(literal).collect();
                let arguments = format!("({})", arguments.join(", "));
                value = joined(value, "", &Value::Expression(arguments));
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Value, Fault> {
        let token = self.token();
        let value = match token.kind {
            Kind::Identifier => Value::Expression(token.text.to_owned()),
            Kind::Word => match token.text {
                "null" => Value::Null,
                text => Value::Bool(text == "true"),
            },
            Kind::Number => Value::Number(self.number(token)?),
            Kind::String => Value::String(unquote(token.text).map_err(|what| self.fault(what))?),
            _ => return self.enclosed(),
        };
        self.advance();
        Ok(value)
    }

    fn enclosed(&mut self) -> Result<Value, Fault> {
        if self.takes("(") {
            let inner = self.expression()?;
            self.expect(")")?;
            return Ok(Value::Expression(format!("({})", literal(&inner))));
        }
        if self.takes("[") {
            return self.list("]").map(Value::Array);
        }
        if self.takes("{") {
            return self.fields().map(Value::Object);
        }
        Err(self.unexpected("a value"))
    }

    /// Values up to a sign, which is gone past.
    fn list(&mut self, end: &str) -> Result<Vec<Value>, Fault> {
        let mut values = Vec::new();
        while !self.takes(end) {
            values.push(self.expression()?);
            if !self.is_sign(end) && !self.takes(",") {
                return Err(self.unexpected(&format!("`,` or `{end}`")));
            }
        }
        Ok(values)
    }

    fn fields(&mut self) -> Result<Vec<(String, Value)>, Fault> {
        let mut fields = Vec::new();
        while !self.takes("}") {
            let name = self.field_name()?;
            self.expect("=")?;
            fields.push((name, self.expression()?));
            if !self.is_sign("}") && !self.takes(",") {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        Ok(fields)
    }

    /// Alloy strips the quotes of a name and undoes no escape.
    fn field_name(&mut self) -> Result<String, Fault> {
        let token = self.token();
        let quoted = token.text.strip_prefix('"');
        let name = match (token.kind, quoted.and_then(|text| text.strip_suffix('"'))) {
            (Kind::Identifier, _) => token.text,
            (Kind::String, Some(name)) if !name.is_empty() => name,
            _ => return Err(self.unexpected("the name of a field")),
        };
        self.advance();
        Ok(name.to_owned())
    }

    /// As `valueFromLiteral` in `syntax/vm/constant.go` of Alloy reads it: digits behind a zero are octal ones.
    fn number(&self, token: Token) -> Result<Number, Fault> {
        let text = token.text;
        let integer = match text.strip_prefix('0') {
            Some(octal) if !octal.is_empty() => u64::from_str_radix(octal, 8).ok(),
            _ => text.parse::<u64>().ok(),
        };
        let number = integer.map(Number::from).or_else(|| {
            let float = text.parse::<f64>().ok();
            float.and_then(Number::from_f64)
        });
        number.ok_or_else(|| self.fault(format!("{text} is too large a number")))
    }
}

fn joined(left: Value, between: &str, right: &Value) -> Value {
    let mut text = match left {
        Value::Expression(text) => text,
        left => literal(&left),
    };
    text.push_str(between);
    text.push_str(&literal(right));
    Value::Expression(text)
}

fn negative(number: &Number) -> Option<Number> {
    if let Some(number) = number.as_u64() {
        return i64::try_from(-i128::from(number)).ok().map(Number::from);
    }
    if let Some(number) = number.as_i64() {
        return number.checked_neg().map(Number::from);
    }
    number.as_f64().and_then(|number| Number::from_f64(-number))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_are_values_and_all_else_is_its_text() {
        for (text, value) in [
            ("-5", json!(-5)),
            ("- -5", json!(5)),
            ("010", json!(8)),
            ("09", json!(9.0)),
            (".5e1", json!(5.0)),
            ("18446744073709551615", json!(u64::MAX)),
            ("[1,\n2,\n]", json!([1, 2])),
            ("{\na = 1,\n\"b c\" = [],\n}", json!({"a": 1, "b c": []})),
            ("`\\d`", json!("\\d")),
        ] {
            let read = expression(text).map(|value| value.to_json());
            assert_eq!(read, Ok(value), "{text}");
        }
        for (text, canonical) in [
            ("a . b [ \"c\" ] ( d , `e` , )", r#"a.b["c"](d, "e")"#),
            ("1+2 *-3", "1 + 2 * -3"),
            ("!( a||b )", "!(a || b)"),
            ("2^3^4", "2 ^ 3 ^ 4"),
            ("f({a=x})", "f({a = x})"),
        ] {
            let read = expression(text);
            assert_eq!(read, Ok(Value::Expression(canonical.to_owned())), "{text}");
        }
    }

    #[test]
    fn more_than_one_value_is_refused() {
        for text in ["", "a b", "a\nb = 1", "a }", "1e400", "{\"\" = 1}"] {
            assert!(expression(text).is_err(), "{text}");
        }
    }
}
