namespace Flagstone.Architecture.Tests;

/// <summary>Who may stand on whom. Each rule returns its violations as sentences, none when all is well.</summary>
internal static class ReferenceRules
{
    /// <summary>A contract is plain C#: the kernel's primitives at most, no package and no framework.</summary>
    public static IEnumerable<string> Contracts(IEnumerable<ProjectFile> projects) =>
        from project in projects
        where project.IsContract
        from target in project.Projects.Where(p => !ProjectFile.IsPlatform(p)).Concat(project.Packages)
        select $"{project.Path} references {target}; a contract references Platform or nothing.";

    public static IEnumerable<string> Modules(IEnumerable<ProjectFile> projects) =>
        from project in projects
        where project.IsModule
        from target in project.Projects
        where !ProjectFile.IsContracts(target) && !ProjectFile.IsPlatform(target) && !ProjectFile.IsUi(target)
        select $"{project.Path} references {target}; a module references contracts, Platform and Ui.";

    public static IEnumerable<string> OnlyHostAndTests(IEnumerable<ProjectFile> projects) =>
        from project in projects
        where !project.IsHost && !project.IsTest && !project.IsBenchmark
        from target in project.Projects
        where ProjectFile.IsModuleItself(target)
        select $"{project.Path} references {target}; only Host, tests and benchmarks reference a module, others use its contract.";

    public static IEnumerable<string> Kernel(IEnumerable<ProjectFile> projects) =>
        from project in projects
        where project.IsKernel
        from target in project.Projects
        where ProjectFile.IsModuleItself(target) || ProjectFile.IsContracts(target)
        select $"{project.Path} references {target}; the kernel knows no module.";
}
