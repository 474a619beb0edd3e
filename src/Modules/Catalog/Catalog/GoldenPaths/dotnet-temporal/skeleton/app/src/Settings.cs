using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Service;

/// <summary>Everything that differs between environments. It comes from environment variables.</summary>
/// <param name="Host">Where it listens; null for all addresses.</param>
public sealed record Settings(string Service, string? Host, int Port, TemporalSettings Temporal)
{
    private const int MaxPort = 65_535;

    /// <summary>Reads them. What is missing or wrong is named all at once, without a value that may be secret.</summary>
    public static bool TryRead(
        IConfiguration environment, string name, [NotNullWhen(true)] out Settings? settings, [NotNullWhen(false)] out string? problem)
    {
        List<string> problems = [];
        var service = Text("SERVICE_NAME") ?? name;
        settings = new Settings(
            service,
            Text("HOST"),
            Port(),
            new TemporalSettings(
                Address("TEMPORAL_ADDRESS"), Required("TEMPORAL_NAMESPACE"), Text("TEMPORAL_TASK_QUEUE") ?? service, Text("TEMPORAL_API_KEY"),
                Flag("TEMPORAL_TLS")));
        problem = problems.Count == 0 ? null : $"The configuration is not usable: {string.Join("; ", problems)}.";
        settings = problem is null ? settings : null;
        return problem is null;

        string? Text(string variable) => environment[variable] is { Length: > 0 } text ? text : null;

        string Required(string variable)
        {
            if (Text(variable) is { } text)
            {
                return text;
            }

            problems.Add($"{variable} is not set");
            return "";
        }

        string Address(string variable)
        {
            var text = Required(variable);
            if (text.Length > 0 && !Regex.IsMatch(text, @"^[^\s/]+:\d{1,5}$"))
            {
                problems.Add($"{variable} is '{text}', which is not HOST:PORT");
            }

            return text;
        }

        int Port()
        {
            var text = Text("PORT") ?? "8080";
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= MaxPort)
            {
                return port;
            }

            problems.Add($"PORT is '{text}', which is not a port");
            return 0;
        }

        bool Flag(string variable)
        {
            var text = Text(variable) ?? "false";
            if (text is not ("true" or "false"))
            {
                problems.Add($"{variable} is '{text}', which is neither true nor false");
            }

            return text == "true";
        }
    }
}

/// <param name="Address"><c>HOST:PORT</c>.</param>
/// <param name="ApiKey">The worker's token; null where the server takes none, as on a laptop.</param>
public sealed record TemporalSettings(string Address, string Namespace, string TaskQueue, string? ApiKey, bool Tls);
