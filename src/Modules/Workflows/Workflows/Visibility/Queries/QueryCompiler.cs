using System.Globalization;
using System.Text;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Visibility.Queries;

/// <summary>The part of a statement that a query becomes: what to read from, and which rows. Each value is a parameter.</summary>
/// <param name="From">Run's columns are those of <c>v</c>.</param>
/// <param name="Order">The alias whose <c>close_at</c>, <c>start_at</c> and <c>run</c> an index has in order.</param>
internal sealed record CompiledQuery(string From, string Where, string Order, IReadOnlyList<(string Name, object? Value)> Parameters);

/// <summary>
/// Makes SQL for both databases of a condition. As in SQL, what a run does not have is neither equal nor unequal to anything: negations are moved to
/// the comparisons, and each comparison is false of what is not there. Pure.
/// </summary>
internal sealed class QueryCompiler
{
    private const string NoFullText = "a Text is compared with = and != alone, by its words. Make the attribute a Keyword to compare it whole.";

    private readonly IReadOnlyDictionary<string, IndexedValueType> own;
    private readonly List<(string Name, object? Value)> parameters = [];

    private QueryCompiler(string ns, IReadOnlyDictionary<string, IndexedValueType> own)
    {
        this.own = own;
        parameters.Add(("ns", ns));
    }

    /// <param name="ns">The namespace's uid: nothing of another one is ever read.</param>
    /// <param name="own">The namespace's own attributes.</param>
    public static CompiledQuery Compile(string ns, Condition? where, IReadOnlyDictionary<string, IndexedValueType> own)
    {
        var compiler = new QueryCompiler(ns, own);
        var all = where is null ? [] : Conjuncts(where).ToList();
        var driver = compiler.Driver(all);
        var sql = new StringBuilder();
        foreach (var condition in all.Where(c => c != driver))
        {
            sql.Append(" AND ").Append(compiler.Sql(condition, false));
            compiler.AddImplied(sql, condition);
        }

        if (driver is null)
        {
            return new CompiledQuery("workflow_visibility v", $"v.namespace = @ns{sql}", "v", compiler.parameters);
        }

        var field = compiler.FieldOf(driver);
        var (name, value) = (compiler.Add(field.Name), compiler.Add(FieldValues.Of(field, driver.Value)));
        return new CompiledQuery(
            "workflow_attribute d CROSS JOIN workflow_visibility v",
            $"d.namespace = @ns AND d.name = {name} AND d.kind = {Kind(field)} AND d.value = {value} AND v.run = d.run{sql}", "d", compiler.parameters);
    }

    private static IEnumerable<Condition> Conjuncts(Condition condition) =>
        condition is Both both ? Conjuncts(both.Left).Concat(Conjuncts(both.Right)) : [condition];

    /// <summary>The attribute whose index gives the rows in order; null where the run's own indexes serve better.</summary>
    private Comparison? Driver(List<Condition> all)
    {
        var equal = all.OfType<Comparison>().Where(c => c.Operator == "=").ToList();
        return equal.Exists(c => c.Field is SearchField.WorkflowId or SearchField.RunId) ? null
            : equal.Find(c => FieldOf(c) is { IsAttribute: true, Type: not IndexedValueType.Text });
    }

    /// <summary>A run that began after a time ended after it too: the list, which is in the order of the ends, need not be read further.</summary>
    private void AddImplied(StringBuilder sql, Condition condition)
    {
        if (condition is Comparison { Field: SearchField.StartTime, Operator: "=" or ">" or ">=" } comparison)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND v.close_at >= {Add(FieldValues.Of(FieldOf(comparison), comparison.Value))}");
        }
        else if (condition is Between { Field: SearchField.StartTime, IsNot: false } range)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND v.close_at >= {Add(FieldValues.Of(FieldOf(range), range.Low))}");
        }
    }

    private string Sql(Condition condition, bool negate) => condition switch
    {
        Negated not => Sql(not.Inner, !negate),
        Both both => $"({Sql(both.Left, negate)} {(negate ? "OR" : "AND")} {Sql(both.Right, negate)})",
        Either either => $"({Sql(either.Left, negate)} {(negate ? "AND" : "OR")} {Sql(either.Right, negate)})",
        FieldCondition leaf => Leaf(leaf, FieldOf(leaf), negate),
        _ => throw new System.Diagnostics.UnreachableException(condition.GetType().Name),
    };

    private string Leaf(FieldCondition leaf, SearchField field, bool negate) => leaf switch
    {
        Absence absence => Absent(field, absence.IsNot != negate),
        Comparison comparison when field.IsMany => Many(field, [comparison.Value], Equality(field, comparison) == negate, comparison.At),
        Membership membership when field.IsMany => Many(field, membership.Values, membership.IsNot != negate, membership.At),
        _ when field.IsMany => throw new QueryException(leaf.At, NoOrder(field)),
        Comparison comparison => One(field, value => Compare(field, value, negate ? Inverse(comparison.Operator) : comparison.Operator, comparison)),
        Membership membership => One(field, value => $"{value} {(membership.IsNot != negate ? "NOT IN" : "IN")} ({Values(field, membership.Values)})"),
        Between range => One(field, value => Within(field, value, range, range.IsNot != negate)),
        Prefix prefix => One(field, value => StartsWith(field, value, prefix, prefix.IsNot != negate)),
        _ => throw new System.Diagnostics.UnreachableException(leaf.GetType().Name),
    };

    /// <summary>A test of the one value that a field has.</summary>
    private string One(SearchField field, Func<string, string> test) =>
        field.IsAttribute ? $"EXISTS ({Rows(field)} AND {test("a.value")})"
        // Of an open run the close time is not there.
        : field.Name == SearchField.CloseTime ? $"({test("v.close_at")} AND v.close_at < {VisibilityRows.Open})"
        : test($"v.{field.Column}");

    /// <summary>Whether one of the values that a field has is among those given.</summary>
    private string Many(SearchField field, IReadOnlyList<Literal> given, bool isNot, int at)
    {
        var values = field.Type == IndexedValueType.Text
            ? [.. given.SelectMany(v => v.Kind == LiteralKind.Text ? AttributeValues.Words(v.Text) : throw new QueryException(v.At, NoFullText)).Distinct()]
            : given.Select(v => (string)FieldValues.Of(field, v)).ToList();
        if (values.Count == 0)
        {
            throw new QueryException(at, "the text has no word. Write one, of letters and digits.");
        }

        if (values.Count > VisibilityQuery.MaxValues)
        {
            throw new QueryException(at, $"the text has more than {VisibilityQuery.MaxValues} words. Write fewer.");
        }

        var has = $"EXISTS ({Rows(field)} AND a.value IN ({string.Join(", ", values.Select(v => Add(v)))}))";
        return isNot ? $"({Absent(field, true)} AND NOT {has})" : has;
    }

    private string Values(SearchField field, IReadOnlyList<Literal> literals) => string.Join(", ", literals.Select(v => Add(FieldValues.Of(field, v))));

    private static string NoOrder(SearchField field) =>
        field.Type == IndexedValueType.Text ? NoFullText : $"{field.Name} is a list: ask with =, !=, IN or NOT IN whether it has a value.";

    private static bool Equality(SearchField field, Comparison comparison) => comparison.Operator switch
    {
        "=" => true,
        "!=" => false,
        _ => throw new QueryException(comparison.At, NoOrder(field)),
    };

    private string Compare(SearchField field, string value, string sign, Comparison comparison)
    {
        if (sign is not ("=" or "!=") && (field.Name == SearchField.Status || field.Type == IndexedValueType.Bool))
        {
            throw new QueryException(comparison.At, $"{field.Name} has no order. Use =, !=, IN or NOT IN.");
        }

        return $"{value} {(sign == "!=" ? "<>" : sign)} {Add(FieldValues.Of(field, comparison.Value))}";
    }

    private string Within(SearchField field, string value, Between range, bool isNot)
    {
        if (field.Name == SearchField.Status || field.Type == IndexedValueType.Bool)
        {
            throw new QueryException(range.At, $"{field.Name} has no order. Use =, !=, IN or NOT IN.");
        }

        var (low, high) = (Add(FieldValues.Of(field, range.Low)), Add(FieldValues.Of(field, range.High)));
        return isNot ? $"({value} < {low} OR {value} > {high})" : $"({value} >= {low} AND {value} <= {high})";
    }

    private string StartsWith(SearchField field, string value, Prefix prefix, bool isNot)
    {
        if (field.Type != IndexedValueType.Keyword || field.Name == SearchField.Status)
        {
            throw new QueryException(prefix.At, $"STARTS_WITH is for a Keyword, and {field.Name} is none. Use another operator.");
        }

        var text = (string)FieldValues.Of(field, prefix.Value);
        var low = Add(text);
        if (After(text) is not { } after)
        {
            return isNot ? $"{value} < {low}" : $"{value} >= {low}";
        }

        var high = Add(after);
        return isNot ? $"({value} < {low} OR {value} >= {high})" : $"({value} >= {low} AND {value} < {high})";
    }

    /// <summary>The first text after all that begin with this one; null when there is none.</summary>
    private static string? After(string prefix)
    {
        var runes = prefix.EnumerateRunes().ToList();
        while (runes.Count > 0)
        {
            var next = runes[^1].Value + 1;
            runes.RemoveAt(runes.Count - 1);
            if (next <= 0x10FFFF)
            {
                // No character is between D800 and DFFF.
                return string.Concat(runes.Append(new Rune(next == 0xD800 ? 0xE000 : next)));
            }
        }

        return null;
    }

    private string Absent(SearchField field, bool isNot) =>
        field.IsAttribute ? $"{(isNot ? "" : "NOT ")}EXISTS ({Rows(field)})"
        : field.Name == SearchField.CloseTime ? $"v.close_at {(isNot ? "<" : "=")} {VisibilityRows.Open}"
        : $"v.{field.Column} IS {(isNot ? "NOT " : "")}NULL";

    private string Rows(SearchField field) =>
        $"SELECT 1 FROM workflow_attribute a WHERE a.run = v.run AND a.name = {Add(field.Name)} AND a.kind = {Kind(field)}";

    private SearchField FieldOf(FieldCondition condition) => SearchField.Find(condition.Field, own) ?? throw new QueryException(
        condition.At, $"the namespace has no search attribute '{condition.Field}'. Add it, or write one of {Known}.");

    /// <summary>So many names as a message can well say.</summary>
    private string Known => string.Join(", ", SearchField.SystemNames.Concat(own.Keys).Order(StringComparer.Ordinal).Take(40));

    private string Add(object value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"q{parameters.Count}");
        parameters.Add((name, value));
        return $"@{name}";
    }

    private static string Kind(SearchField field) => ((long)field.Type).ToString(CultureInfo.InvariantCulture);

    private static string Inverse(string sign) => sign switch
    {
        "=" => "!=",
        "!=" => "=",
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        _ => "<",
    };
}
