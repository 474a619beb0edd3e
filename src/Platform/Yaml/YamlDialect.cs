namespace Flagstone.Platform.Yaml;

/// <summary>What plain scalars mean.</summary>
internal enum YamlDialect
{
    /// <summary>The core schema of YAML 1.2: Backstage's entities and templates.</summary>
    Core,

    /// <summary>What sigs.k8s.io/yaml makes of them: <c>0644</c> is 420, <c>yes</c> is true.</summary>
    Kubernetes,
}
